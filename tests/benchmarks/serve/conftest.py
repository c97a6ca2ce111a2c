"""Two releases on the shelf, the first one live and served."""

import served_releases

client = served_releases.client
lines = served_releases.lines
live = served_releases.live
shelve = served_releases.shelve
