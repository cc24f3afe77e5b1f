// A program as its package's README has it: it reads a bot's events with @discordjs/brokers, and says
// what it reads. It knows nothing of Baton.
//
// The environment says where to go: REDIS_URL, GROUP, and EVENTS with commas between them. On its
// standard output it writes `event <name> <data as JSON>` for every entry that it is handed. A line of
// JSON on its standard input is published to gateway_send. It leaves on SIGTERM.
'use strict';

const { PubSubRedisBroker } = require('@discordjs/brokers');
const { Redis } = require('ioredis');
const readline = require('node:readline');

const { EVENTS, GROUP, REDIS_URL } = process.env;

const events = EVENTS.split(',');
const broker = new PubSubRedisBroker(new Redis(REDIS_URL), { group: GROUP });

for (const event of events) {
  broker.on(event, async ({ data, ack }) => {
    process.stdout.write(`event ${event} ${JSON.stringify(data)}\n`);
    await ack();
  });
}

// Version 1.0.0 reads no more once a read has failed, until it is subscribed anew.
broker.on('error', (error) => {
  console.error('brokers:', error.message);
  setTimeout(() => broker.subscribe(events), 100);
});

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  broker.publish('gateway_send', JSON.parse(line));
});

process.once('SIGTERM', async () => {
  await broker.destroy();
  process.exit(0);
});

broker.subscribe(events);
