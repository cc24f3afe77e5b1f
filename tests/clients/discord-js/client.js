// discord.js as a program that says what it receives. The language it speaks stands in
// tests/clients/src/lib.rs.
//
// discord.js compresses where it finds the package zlib-sync, which is C++ and would need a
// compiler. pako is the same inflate in JavaScript, with the same interface: package.json
// installs it under that name.
'use strict';

const { CompressionMethod, SimpleShardingStrategy } = require('@discordjs/ws');
const { Client, Events, GatewayIntentBits } = require('discord.js');

const { MOCK_API, MOCK_COMPRESSION, MOCK_TOKEN } = process.env;

const COMPRESSIONS = { '': null, 'zlib-stream': CompressionMethod.ZlibStream };

function buildStrategy(manager) {
  manager.options.compression = COMPRESSIONS[MOCK_COMPRESSION];
  return new SimpleShardingStrategy(manager);
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages],
  rest: { api: MOCK_API },
  ws: { buildStrategy },
});

// What is parsed and written again is what it was: Discord's ids are text, and the order of keys
// stays.
client.on(Events.Raw, (packet) => say(`frame ${JSON.stringify(packet)}`));
client.once(Events.ClientReady, () => say('ready'));
client.on(Events.Error, (error) => console.error('discord.js:', error));
client.on(Events.ShardError, (error) => console.error('discord.js:', error));

process.stdin.resume();
process.stdin.once('end', async () => {
  await client.destroy();
  process.exit(0);
});

client.login(MOCK_TOKEN);
