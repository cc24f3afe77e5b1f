// Feeds @discordjs/core: its client wants a gateway of three methods, and Baton is one.
import { EventEmitter } from 'node:events';
import {
  Client, GatewayDispatchEvents, GatewayOpcodes, PresenceUpdateStatus,
} from '@discordjs/core';
import { REST } from '@discordjs/rest';
import { Baton } from './baton.mjs';

const baton = Baton.fromEnvironment();

class BatonGateway extends EventEmitter {
  async getShardCount() {
    return (await baton.shape()).shards;
  }

  async send(shardId, payload) {
    await baton.send(shardId, payload);
  }
}

const gateway = new BatonGateway();
const rest = new REST().setToken(process.env.DISCORD_TOKEN ?? 'not used here');
const client = new Client({ rest, gateway });

client.on(GatewayDispatchEvents.MessageCreate, async ({ data: message, shardId }) => {
  if (message.content !== '!away') return;
  const idle = { since: null, activities: [], status: PresenceUpdateStatus.Idle, afk: true };
  await gateway.send(shardId, { op: GatewayOpcodes.PresenceUpdate, d: idle });
});

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => baton.stop());

await baton.run((entry) => {
  if (entry.t.startsWith('BATON_')) return;
  gateway.emit('dispatch', JSON.parse(entry.d), Number(entry.sh));
  console.log('handled', `${entry.sh}/${entry.sid}/${entry.s}`, entry.t);
});
