// Draws what comes once a second, in place: what has not changed is not touched, so that focus,
// selection and scrolling stay where they are.
"use strict";

const MANY = 600; // Shards that still have their number written on them.
const HUES = [215, 140, 32, 285, 180, 350, 60, 255, 100, 320, 15, 195];

const byId = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat("en");
let chosen = null;
let heardAt = null;

// Owners keep their colour for as long as the page is open, whoever comes or goes.
const colours = new Map();
function colourOf(id) {
  if (!colours.has(id)) {
    const nth = colours.size;
    const lightness = 42 + 9 * (Math.floor(nth / HUES.length) % 3);
    colours.set(id, `hsl(${HUES[nth % HUES.length]} 55% ${lightness}%)`);
  }
  return colours.get(id);
}

function bytes(amount) {
  if (amount === null) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (amount >= 10000 && unit + 1 < units.length) {
    amount = Math.floor(amount / 1024);
    unit += 1;
  }
  return `${numbers.format(amount)} ${units[unit]}`;
}

const count = (amount) => (amount === null ? "–" : numbers.format(amount));
const clock = (ms) => new Date(ms).toISOString().slice(11, 19);

// Makes as many children as there are items, and lets each be filled in.
function each(parent, items, make, fill) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  items.forEach((item, at) => {
    if (at >= parent.children.length) parent.append(make());
    fill(parent.children[at], item, at);
  });
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function element(tag, className = "", ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

const item = () => element("li");
const row = (columns, right) => () => {
  const made = element("tr");
  for (let at = 0; at < columns; at += 1) made.append(element("td", right.has(at) ? "number" : ""));
  return made;
};

function drawApp(section, app, names) {
  const [title, about, grid] = section.children;
  say(title, `${app.name}: ${numbers.format(app.shards)} ${app.shards === 1 ? "shard" : "shards"}`);
  const tally = { live: 0, resuming: 0, offered: 0, free: 0 };
  const cells = [];
  for (const run of app.runs) {
    tally[run.state] += run.count;
    for (let at = 0; at < run.count; at += 1) cells.push(run);
  }
  say(about.children[0], `live ${tally.live}`);
  say(about.children[1], `resuming ${tally.resuming}`);
  say(about.children[2], `on offer ${tally.offered}`);
  say(about.children[3], `free ${tally.free}`);
  about.children[3].classList.toggle("alarm", tally.free > 0);
  drawBudget(about.children[4], app);
  grid.classList.toggle("many", app.shards > MANY);
  grid.classList.toggle("choosing", chosen !== null);
  each(grid, cells, () => element("div", "shard"), (cell, run, number) => {
    if (cell.dataset.state !== run.state) cell.dataset.state = run.state;
    const owner = run.owner ?? "";
    if (cell.dataset.owner !== owner) {
      cell.dataset.owner = owner;
      cell.style.setProperty("--owner", run.owner ? colourOf(run.owner) : "transparent");
    }
    cell.classList.toggle("chosen", run.owner === chosen);
    const told = `shard ${number}: ${run.state}${run.owner ? ` at ${names.get(run.owner)}` : ""}`;
    if (cell.title !== told) cell.title = told;
    say(cell, String(number));
  });
  grid.setAttribute("aria-label", `${tally.live} of ${app.shards} shards of ${app.name} are live`);
}

function drawBudget(place, app) {
  const [words, meter] = place.children;
  const waiting = app.identify_waiting ? `, ${app.identify_waiting} waiting` : "";
  const budget = app.identify;
  const left = budget ? `${count(budget.remaining)} of ${count(budget.total)}` : "not known yet";
  say(words, `identifies left ${left}${waiting}`);
  meter.hidden = !budget;
  if (budget) {
    meter.max = budget.total;
    meter.low = budget.total / 10;
    meter.value = budget.remaining;
  }
}

function makeApp() {
  const budget = element("span", "", element("span"), " ", element("meter"));
  const counts = ["b", "span", "span", "span"].map((tag) => element(tag));
  const grid = element("div", "grid");
  grid.setAttribute("role", "img");
  return element("section", "", element("h2"), element("p", "about", ...counts, budget), grid,
    legend());
}

function legend() {
  const states = [["live", "live"], ["resuming", "connecting"], ["offered", "on offer"],
    ["free", "nobody's"]];
  return element("p", "legend", ...states.map(([state, word]) => {
    const sample = element("i", "shard");
    sample.dataset.state = state;
    return element("span", "", sample, word);
  }));
}

function makeInstance() {
  const made = row(8, new Set([2, 4, 6]))();
  const button = element("button", "instance", element("i", "swatch"), element("span"));
  button.type = "button";
  button.addEventListener("click", () => {
    chosen = chosen === button.dataset.id ? null : button.dataset.id;
    draw(latest);
  });
  made.children[0].append(button);
  made.children[5].append(element("meter"));
  return made;
}

function fillInstance(line, instance) {
  const button = line.children[0].firstElementChild;
  button.dataset.id = instance.id;
  button.setAttribute("aria-pressed", String(chosen === instance.id));
  button.style.setProperty("--owner", colourOf(instance.id));
  say(button.lastElementChild, instance.name + (instance.plans ? " (planner)" : ""));
  say(line.children[1], instance.standing);
  line.children[1].classList.toggle("alarm", instance.standing === "missing");
  say(line.children[2], count(instance.shards));
  say(line.children[3], instance.health ?? "–");
  line.children[3].classList.toggle("alarm", !["healthy", null].includes(instance.health));
  say(line.children[4], instance.lag_ms === null ? "–" : `${count(instance.lag_ms)} ms`);
  const ring = line.children[5].firstElementChild;
  ring.max = instance.ring_bytes_max ?? 1;
  ring.high = 0.8 * ring.max;
  ring.value = instance.ring_bytes ?? 0;
  ring.title = `${bytes(instance.ring_bytes)} of ${bytes(instance.ring_bytes_max)}`;
  say(line.children[6], bytes(instance.memory_bytes));
  say(line.children[7], instance.version);
}

function linesOf(lane) {
  const groups = lane.groups.length > 0 ? lane.groups : [null];
  return groups.map((group, at) => ({ lane: at === 0 ? lane : null, group }));
}

const makeLane = row(8, new Set([1, 2, 4, 5, 6, 7]));

function fillLane(line, { lane, group }) {
  const cells = line.children;
  say(cells[0], lane ? `${lane.app}/${lane.lane}` : "");
  say(cells[1], lane ? count(lane.length) : "");
  say(cells[2], lane ? bytes(lane.bytes) : "");
  say(cells[3], group ? group.name : "nobody reads it");
  ["lag", "pending", "consumers", "dead_letters"].forEach((what, at) => {
    say(cells[4 + at], group ? count(group[what]) : "");
  });
  cells[7].classList.toggle("alarm", Boolean(group && group.dead_letters > 0));
}

function fillHappening(line, happening) {
  if (line.children.length === 0) line.append(element("time"), element("span"));
  say(line.children[0], clock(happening.at_ms));
  say(line.children[1], happening.what);
}

let latest = null;
function draw(picture) {
  latest = picture;
  document.title = `${picture.problems.length > 0 ? "(!) " : ""}Baton: ${picture.fleet}`;
  say(byId("fleet"), picture.fleet);
  const names = new Map(picture.instances.map((instance) => [instance.id, instance.name]));
  for (const instance of picture.instances) colourOf(instance.id);
  if (!names.has(chosen)) chosen = null;
  each(byId("problems"), picture.problems, item, say);
  each(byId("apps"), picture.apps, makeApp, (section, app) => drawApp(section, app, names));
  each(byId("instances"), picture.instances, makeInstance, fillInstance);
  each(byId("lanes"), picture.lanes.flatMap(linesOf), makeLane, fillLane);
  say(byId("lanes-left-out"), picture.lanes_left_out > 0
    ? `${picture.lanes_left_out} more lanes: baton stream lag` : "");
  const moves = picture.moves.map((move) => `${move.shard}: ${move.from} → ${move.to}`);
  each(byId("moves"), moves.concat(picture.wishes.map((wish) => `wanted: ${wish}`)), item, say);
  each(byId("happenings"), picture.happenings, item, fillHappening);
}

function contact(state, text) {
  byId("contact").dataset.state = state;
  say(byId("contact"), text);
}

const since = () => (heardAt === null ? "" : `; this was seen at ${clock(heardAt)} UTC`);

const source = new EventSource("pictures");
source.addEventListener("message", (message) => {
  const picture = JSON.parse(message.data);
  if (picture.trouble) {
    contact("lost", `the store does not answer: ${picture.trouble}${since()}`);
    return;
  }
  heardAt = picture.at_ms;
  contact("live", `as of ${clock(heardAt)} UTC`);
  draw(picture);
});
source.addEventListener("error", () => {
  contact("lost", `this instance does not answer; trying again${since()}`);
});
