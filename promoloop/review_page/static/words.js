// Every word on the page, in both languages; products and categories keep the catalog's names.
import { count, esc, money, percent } from "./dom.js";

const EN = {
  title: "Promotion plan", version: "Version", calendar: "Calendar", changes: "Changes", budget: "Budget",
  segments: "Segments", history: "History", search: "Search", category: "Category", mechanic: "Mechanic",
  minDepth: "Depth from", changedOnly: "Changed only", all: "All", any: "Any", product: "Product",
  shown: (n, of) => `${n} of ${of} promotions`, nothingShown: "No promotion fits these filters.",
  promotions: "Promotions", products: (n) => `of ${n} products`, margin: "Expected margin", cost: "Cost",
  nineInTen: (v) => `9 times in 10 above ${v}`, ofBudget: (share, b) => `${share} of the budget of ${b}`,
  againstLive: "Against the live schedule", noLive: "nothing is live yet", isLive: "this is the live schedule",
  changeCount: (a, r, c) => `${a} added, ${r} removed, ${c} changed`, added: "added", removed: "removed",
  changed: "changed", kept: "kept", noChanges: "The live schedule has the same promotions.", instead: "instead of",
  week: "Week of", states: { proposed: "waits for approval", approved: "approved", rejected: "rejected", expired: "expired", published: "published", superseded: "superseded", rolled_back: "rolled back" },
  live: "live", signedIn: (name) => `signed in as ${name}`, signIn: "Sign in to Airflow",
  noPlans: "No plan was proposed yet. Run refresh_promotions first.",
  mechanics: { percent_off: "Percent off", buy_get: "Buy and get", spend_save: "Spend and save", bundle: "Bundle", gift: "Gift", flash: "Flash sale" },
  supports: { none: "no support", display: "display", mailer: "mailer", "display+mailer": "display and mailer" },
  limits: { budget: "the budget", week_budget: "the week's budget", category_budget: "the category's budget", category_week_slots: "the category's slots of the week", week_slots: "the week's slots", never_together: "what may not be promoted together", companion_stock: "the stock of what goes with it", pinned: "A person or the live schedule asks for it", must_promote: "The policy asks for it", move_together: "It moves with its group", margin_floor: "the margin floor", stock: "the stock", most_from_priors: "too much rests on priors" },
  assumptions: { displacement: "sales taken from other weeks", margin_by_department: "unit cost", stock: "stock", supplier_funding_by_brand: "supplier funding" },
  close: "Close", forecast: "Forecast", forecastNote: "Weekly units: sold, then expected at regular price with quantiles 10 to 90. Marks: with the promotion.",
  response: "Price response", responseNote: (e, sd, known) => `Units by depth with the promotion's display and mailer, dashed without; elasticity ${e} ± ${sd}, ${known ? "seen in the data" : "mostly its prior"}. Band: 8 in 10.`,
  stock: "Stock", stockNote: (simulated) => `Units available at the start of each week and expected demand${simulated ? "; the stock is simulated" : ""}. Above: chance of running out.`,
  units: "expected units", range: "8 in 10 between", stockOut: "runs out with", roi: "margin per unit of cost",
  why: "Why", limitWorth: (name, v) => `${name} binds: one more is worth ${v}`, limitRules: (name, t) => `${name} rules out ${t}`,
  nextBest: (t, m, c) => `Next best: ${t}, margin ${m} for ${c}`, noNext: "No other option is allowed in this week",
  rests: (list) => `Assumed: ${list}`, takers: (share) => `${share} of the units are sold at the offer's price`,
  edit: "Change this promotion", veto: "Take it out", other: "Put it on other terms", pick: "Choose terms…",
  use: "Change", undo: "Take this edit back", takenBack: "taken back", forbidden: "forbidden by", margins: "margin",
  edits: (n) => `${n} ${n === 1 ? "edit" : "edits"}`, vetoed: "taken out", pinned: (t) => `as ${t}`, resolve: "Solve again", discard: "Discard",
  solving: (s) => `Solving… ${s} s`, waiting: "Waiting for another solve…",
  result: (m, c, a, r) => `Margin ${m}, cost ${c}; ${a} promotions come, ${r} go`, propose: "Propose as a new version",
  proposing: "Proposing: Airflow plans, checks and asks…", proposed: (v) => `${v} is proposed`, same: "The plan stays as it is",
  budgetField: "Budget", comment: "Comment", approve: "Approve", reject: "Reject", approved: "Approved. Publishing…", rejected: "Rejected. What is live stays.",
  nowLive: (v) => `${v} is live`, notYours: "You may read this plan; its approvers are named in the policy or have the right to edit Airflow's runs.", ownPlan: "You proposed this plan: another approver has to approve it.", runFailed: (run) => `The run ${run} failed; see it in Airflow.`,
  replaced: "replaced by an edit", edited: "edited", frontier: "What another budget would earn", frontierNote: "Expected margin of the best plan at each budget, each solved again. The marked one is this plan's.",
  shadow: "one more is worth", segment: "Segment", customers: "Customers", reached: "Get offers", offers: "Offers", mostOffered: "Offered most", noSegments: "This plan's day has no segments.",
  who: "Who", when: "When (UTC)", what: "What", steps: { proposed: "proposed", approved: "approved", rejected: "rejected", expired: "expired", publish: "published", roll_back: "rolled back to", superseded: "superseded", rolled_back: "rolled back" },
  onlyFor: (audience) => `, ${audience} only`,
  seal: "Approval covers these very files, SHA-256 of their manifest:", editsMade: "Edits this plan was made with",
};

const ZH = {
  title: "促销计划", version: "版本", calendar: "日历", changes: "变更", budget: "预算",
  segments: "客群", history: "记录", search: "搜索", category: "品类", mechanic: "促销方式",
  minDepth: "折扣不低于", changedOnly: "仅看变更", all: "全部", any: "不限", product: "商品",
  shown: (n, of) => `${of} 条促销中的 ${n} 条`, nothingShown: "没有符合条件的促销。",
  promotions: "促销", products: (n) => `涉及 ${n} 个商品`, margin: "预期增量毛利", cost: "成本",
  nineInTen: (v) => `十次中九次高于 ${v}`, ofBudget: (share, b) => `占预算 ${b} 的 ${share}`,
  againstLive: "与线上方案相比", noLive: "尚无线上方案", isLive: "即为当前线上方案",
  changeCount: (a, r, c) => `新增 ${a}，移除 ${r}，调整 ${c}`, added: "新增", removed: "移除",
  changed: "调整", kept: "不变", noChanges: "与线上方案的促销完全相同。", instead: "原为",
  week: "周起始日", states: { proposed: "待审批", approved: "已批准", rejected: "已拒绝", expired: "已过期", published: "已发布", superseded: "已被取代", rolled_back: "已回滚" },
  live: "线上", signedIn: (name) => `已登录：${name}`, signIn: "登录 Airflow",
  noPlans: "还没有待审的计划，请先运行 refresh_promotions。",
  mechanics: { percent_off: "直降", buy_get: "买赠", spend_save: "满减", bundle: "组合", gift: "赠品", flash: "限时" },
  supports: { none: "无陈列支持", display: "陈列", mailer: "宣传册", "display+mailer": "陈列加宣传册" },
  limits: { budget: "预算", week_budget: "当周预算", category_budget: "品类预算", category_week_slots: "该品类当周名额", week_slots: "当周名额", never_together: "不可同时促销的商品", companion_stock: "搭配商品的库存", pinned: "由人工或线上方案指定", must_promote: "政策要求促销", move_together: "与同组商品一起变动", margin_floor: "毛利底线", stock: "库存", most_from_priors: "过多依赖先验" },
  assumptions: { displacement: "对其他周销售的占用", margin_by_department: "单位成本", stock: "库存", supplier_funding_by_brand: "供应商补贴" },
  close: "关闭", forecast: "销量预测", forecastNote: "每周销量：历史值，其后为原价下的预测及 10 至 90 分位。标记：含促销。",
  response: "价格响应", responseNote: (e, sd, known) => `各折扣下的销量（虚线：无陈列与宣传册）；弹性 ${e} ± ${sd}，${known ? "由数据得出" : "主要来自先验"}。色带：八成区间。`,
  stock: "库存", stockNote: (simulated) => `各周初可用库存与预期需求${simulated ? "；库存为模拟值" : ""}。上方：缺货概率。`,
  units: "预期销量", range: "八成区间", stockOut: "缺货概率", roi: "每单位成本的毛利",
  why: "原因", limitWorth: (name, v) => `${name}已用尽：再多一单位价值 ${v}`, limitRules: (name, t) => `${name}排除了 ${t}`,
  nextBest: (t, m, c) => `次优：${t}，毛利 ${m}，成本 ${c}`, noNext: "当周没有其他可行方案",
  rests: (list) => `假设：${list}`, takers: (share) => `${share} 的销量按促销价成交`,
  edit: "修改这条促销", veto: "取消促销", other: "改为其他条件", pick: "选择条件…",
  use: "修改", undo: "撤回此修改", takenBack: "已撤回", forbidden: "受限于", margins: "毛利",
  edits: (n) => `${n} 处修改`, vetoed: "取消", pinned: (t) => `改为 ${t}`, resolve: "重新求解", discard: "放弃",
  solving: (s) => `求解中… ${s} 秒`, waiting: "等待另一次求解…",
  result: (m, c, a, r) => `毛利 ${m}，成本 ${c}；新增 ${a} 条，减少 ${r} 条`, propose: "提交为新版本",
  proposing: "提交中：Airflow 正在规划、检查并发起审批…", proposed: (v) => `已提交 ${v}`, same: "计划不变",
  budgetField: "预算", comment: "备注", approve: "批准", reject: "拒绝", approved: "已批准，正在发布…", rejected: "已拒绝，线上方案不变。",
  nowLive: (v) => `${v} 已上线`, notYours: "您可以查看此计划；审批人由政策指定，或须有 Airflow 运行的编辑权限。", ownPlan: "此计划由您提交，须由其他审批人批准。", runFailed: (run) => `运行 ${run} 失败，请在 Airflow 中查看。`,
  replaced: "由修改版本取代", edited: "已修改", frontier: "不同预算下的收益", frontierNote: "各预算下重新求解的最优计划的预期毛利。标记为本计划。",
  shadow: "再多一单位价值", segment: "客群", customers: "顾客数", reached: "收到优惠", offers: "优惠数", mostOffered: "最常推荐", noSegments: "当日没有客群数据。",
  who: "人员", when: "时间 (UTC)", what: "操作", steps: { proposed: "提交", approved: "批准", rejected: "拒绝", expired: "过期", publish: "发布", roll_back: "回滚至", superseded: "被取代", rolled_back: "被回滚" },
  onlyFor: (audience) => `，仅限 ${audience}`,
  seal: "批准仅对这些文件有效，清单的 SHA-256：", editsMade: "本计划包含的修改",
};

const LANGUAGES = { en: EN, zh: ZH };
let language = localStorage.getItem("promoloop-language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

export const current = () => language;
export const word = (name) => LANGUAGES[language][name];

export function useLanguage(name) {
  language = name;
  localStorage.setItem("promoloop-language", name);
}

const DAY = { day: "numeric", month: "short", timeZone: "UTC" };
const DAYS = { en: new Intl.DateTimeFormat("en-GB", DAY), zh: new Intl.DateTimeFormat("zh-CN", DAY) };

const written = { en: new Map(), zh: new Map() }; // thousands of cells share a few days

export function day(iso) {
  const key = iso.slice(0, 10), known = written[language];
  if (!known.has(key)) known.set(key, DAYS[language].format(new Date(`${key}T00:00:00Z`)));
  return known.get(key);
}

const off = (depth) => (language === "zh" ? `降 ${percent(depth)}` : `${percent(depth)} off`);

/** A promotion's terms in words, and who may have it; `row` has a line's or an alternative's columns. */
export function terms(row, names = {}) {
  return forAll(row) ? what(row, names) : `${what(row, names)}${word("onlyFor")(row.audience_id)}`;
}

const forAll = (row) => (row.audience_id ?? "all") === "all";

function what(row, names) {
  const zh = language === "zh";
  if (row.mechanic === "buy_get" && row.buy_qty) {
    const got = row.get_depth >= 1 ? (zh ? "免费" : "free") : off(row.get_depth);
    return zh ? `买 ${count(row.buy_qty)} 得 ${count(row.get_qty)}（${got}）` : `buy ${count(row.buy_qty)} get ${count(row.get_qty)} ${got}`;
  }
  if (row.mechanic === "spend_save" && row.threshold_amount) {
    const [spend, save] = [money(row.threshold_amount, 0), money(row.discount_amount)];
    return zh ? `满 ${spend} 减 ${save}` : `${save} off in a basket of ${spend}`;
  }
  if (row.mechanic === "percent_off") return off(row.depth);
  const partner = names[row.bundle_product_id ?? row.gift_product_id];
  return `${word("mechanics")[row.mechanic]} ${off(row.depth)}${partner ? ` + ${partner}` : ""}`;
}

/** The same in a few characters, for a cell of the calendar. */
export function short(row) {
  const badge = { buy_get: () => `${count(row.buy_qty)}+${count(row.get_qty)}`, spend_save: () => `≥${money(row.threshold_amount, 0)}`,
    bundle: () => (language === "zh" ? "组" : "set"), gift: () => (language === "zh" ? "赠" : "gift"), flash: () => "⚡" }[row.mechanic];
  return [badge?.(), forAll(row) ? null : "◎"].filter(Boolean).map((sign) => `<span class="badge">${esc(sign)}</span>`).join("");
}
