// Looks at the live page with Chromium, as somebody who watches would: a word a line comes in, what
// was seen goes out, as JSON. BATON_TEST_CHROMIUM names the program, BATON_TEST_PICTURES a folder
// for pictures.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const PATIENCE = 90_000;
const pictures = process.env.BATON_TEST_PICTURES;
const url = process.argv[2];

const browser = await chromium.launch({
  executablePath: process.env.BATON_TEST_CHROMIUM,
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
page.setDefaultTimeout(PATIENCE);
const wrong = [];
page.on("pageerror", (error) => wrong.push(String(error)));
page.on("console", (said) => {
  // A connection that is refused is told of as an error, and is what some of the tests are about.
  if (said.type() === "error" && !said.text().includes("net::ERR_")) wrong.push(said.text());
});
page.on("request", (request) => {
  if (new URL(request.url()).origin !== new URL(url).origin) wrong.push(`asked ${request.url()}`);
});

const inPage = (what, ...words) => page.waitForFunction(what, words, { polling: 100 });

const words = {
  // All shards of the first app are live, and so many.
  live: (count) => inPage(([count]) => {
    const shards = [...document.querySelectorAll(".grid .shard")];
    return shards.length === Number(count) && shards.every((it) => it.dataset.state === "live");
  }, count),

  // From here on remembers in how many states it has seen shards, and the most of each.
  remember: () => page.evaluate(() => {
    window.most = {};
    const look = () => {
      const now = {};
      for (const { dataset } of document.querySelectorAll(".grid .shard")) {
        now[dataset.state] = (now[dataset.state] ?? 0) + 1;
      }
      for (const [state, count] of Object.entries(now)) {
        window.most[state] = Math.max(window.most[state] ?? 0, count);
      }
    };
    new MutationObserver(look).observe(document.body, {
      subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"],
    });
    look();
  }),
  remembered: () => page.evaluate(() => window.most),

  // An instance is said to be so, and to have so many shards.
  instance: (name, standing, shards) => inPage(([name, standing, shards]) => {
    const rows = [...document.querySelectorAll("#instances tr")];
    return rows.some(({ cells }) => cells[0].textContent.startsWith(name)
      && cells[1].textContent === standing && cells[2].textContent === shards);
  }, name, standing, shards),

  // Something is told of among what happened.
  happened: (...told) => inPage(([told]) => {
    const lines = [...document.querySelectorAll("#happenings li")];
    return lines.some((line) => line.textContent.includes(told));
  }, told.join(" ")),

  contact: (state) => inPage(([state]) => {
    return document.getElementById("contact").dataset.state === state;
  }, state),

  // With nothing but the keyboard: goes to an instance and chooses it. How many shards stand out?
  choose: async (name) => {
    await page.evaluate(() => document.activeElement?.blur());
    for (let pressed = 0; pressed < 50; pressed += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => document.activeElement?.textContent ?? "");
      if (at.startsWith(name)) break;
    }
    await page.keyboard.press("Enter");
    const chosen = await page.locator(".grid .shard.chosen").count();
    await page.keyboard.press("Enter");
    return chosen;
  },

  // How far the page reaches over the side of a phone.
  phone: async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await page.emulateMedia({ colorScheme: "dark" });
    const reaches = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    await picture("phone");
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: "light" });
    return reaches;
  },

  picture: (name) => picture(name),
  wrong: () => wrong,
};

async function picture(name) {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
}

await page.goto(url);
for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...rest] = line.split(" ");
  try {
    const seen = await words[word](...rest);
    console.log(JSON.stringify({ seen: typeof seen?.dispose === "function" ? null : seen ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ failed: `${line}: ${error.message}` }));
  }
}
await browser.close();
