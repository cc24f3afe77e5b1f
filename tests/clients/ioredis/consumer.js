// ioredis as a program that consumes a lane.
//
// What it is asked to do, and what it says, stands in tests/clients/src/redis_client.rs.
"use strict";

const Redis = require("ioredis");

const APP = process.env.BATON_APP;
const LANE = `baton:{${APP}.0}`;
const EVENTS = `${LANE}:events`;
const COMMANDS = `${LANE}:commands`;
const DEAD = `${LANE}:dead:workers`;
const RESULTS = `${LANE}:results:worker`;
const COUNT = Number(process.env.BATON_COUNT);

const store = new Redis(process.env.BATON_STORE, {
  enableReadyCheck: true,
  protocol: Number(process.env.BATON_PROTOCOL),
});
const say = (...words) => console.log(words.join(" "));
const named = (fields) => {
  const names = fields.filter((_, at) => at % 2 === 0);
  return Object.fromEntries(names.map((name, at) => [name, fields[2 * at + 1]]));
};
// What the two versions of the protocol answer to a read, in one form.
const streams = (reply) => (Array.isArray(reply) ? reply : Object.entries(reply ?? {}));

async function main() {
  await store.xgroup("CREATE", EVENTS, "workers", "0", "MKSTREAM");
  say("ready");

  const seen = [];
  while (seen.length < COUNT) {
    const reply = await store.xreadgroup(
      "GROUP", "workers", "one", "COUNT", 7, "BLOCK", 20_000, "STREAMS", EVENTS, ">",
    );
    for (const [, entries] of streams(reply)) {
      for (const [place, fields] of entries) {
        seen.push(place);
        const { t, s } = named(fields);
        say("seen", t, s);
      }
    }
  }

  // One is given up on, the others of the first half are acknowledged.
  const half = seen.slice(0, Math.floor(COUNT / 2));
  const step = store.multi();
  step.xadd(DEAD, "*", "d", "{}", "error", "poison");
  step.xack(EVENTS, "workers", half[0]);
  const [[, dead], [, acknowledged]] = await step.exec();
  say("dead", dead, acknowledged);
  say("acknowledged", await store.xack(EVENTS, "workers", ...half.slice(1)));

  // The rest is taken over by another consumer.
  let start = "0-0";
  let taken = 0;
  do {
    const claimed = await store.xautoclaim(EVENTS, "workers", "two", 0, start, "COUNT", 3);
    start = claimed[0];
    for (const [place] of claimed[1]) {
      taken += await store.xack(EVENTS, "workers", place);
    }
  } while (start !== "0-0");
  say("taken", taken);

  say("shape", await store.hget("baton:{main}:apps", APP));
  const frame = ["v", 1, "sh", 0, "exp", "", "re", "worker", "tp", "", "d", '{"op":3,"d":{}}'];
  const command = await store.xadd(COMMANDS, "*", ...frame);
  const results = await store.xread("BLOCK", 20_000, "STREAMS", RESULTS, "0-0");
  for (const [, entries] of streams(results)) {
    for (const [, fields] of entries) {
      const { cmd, out } = named(fields);
      say("result", cmd === command ? "True" : "False", out);
    }
  }
  say("left", (await store.xpending(EVENTS, "workers"))[0]);
  await store.quit();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
