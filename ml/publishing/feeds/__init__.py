"""The schedule in formats that other systems read: Merchant Center, iCalendar."""
