// Reads an app's lanes as one consumer of a group: docs/protocol.md in sixty lines of Node.
import { hostname } from 'node:os';
import { createClient } from 'redis';

const BATCH = 100;
const REMEMBERED = 10_000;

export class Baton {
  #client;
  #stopping = false;
  #handled = new Set();

  constructor({ url, fleet = 'main', app, group, idleMs = 30_000 }) {
    Object.assign(this, { fleet, app, group, idleMs });
    this.name = `${hostname()}-${process.pid}`;
    this.#client = createClient({ url });
    this.#client.on('error', (error) => console.error('store:', error.message));
  }

  /** Reads what the variables of the environment say: examples/README.md lists them. */
  static fromEnvironment({ env } = process) {
    return new Baton({
      url: env.BATON_STORE,
      fleet: env.BATON_FLEET,
      app: env.BATON_APP ?? 'app',
      group: env.BATON_GROUP ?? 'example',
      idleMs: env.BATON_IDLE_MS && Number(env.BATON_IDLE_MS),
    });
  }

  /** How the app is cut: its shards, and the lanes that they write to. */
  async shape() {
    if (!this.#client.isOpen) await this.#client.connect();
    const shape = await this.#client.hGet(`baton:{${this.fleet}}:apps`, this.app);
    if (!shape) throw new Error(`no instance has run app ${this.app} in fleet ${this.fleet} yet`);
    return JSON.parse(shape);
  }

  /** Hands every entry to `handle`, lane by lane in order, until `stop` is called. What `handle`
   * throws at is not acknowledged, and comes again. */
  async run(handle) {
    const { lanes } = await this.shape();
    await Promise.all(Array.from({ length: lanes }, (_, lane) => this.#read(lane, handle)));
    await this.#client.close();
  }

  /** Has `run` finish what it has in hand, and return. */
  stop() {
    this.#stopping = true;
  }

  /** Has a shard send a frame to Discord, if it can within ten seconds. */
  async send(shard, frame) {
    const { lanes } = await this.shape();
    const [seconds] = await this.#client.sendCommand(['TIME']);
    const exp = `${(Number(seconds) + 10) * 1000}`;
    const command = { v: '1', sh: String(shard), exp, re: '', tp: '' };
    const stream = `baton:{${this.app}.${shard % lanes}}:commands`;
    return this.#client.xAdd(stream, '*', { ...command, d: JSON.stringify(frame) });
  }

  async #read(lane, handle) {
    const key = `baton:{${this.app}.${lane}}:events`;
    // A read that waits holds up whatever else its connection is asked.
    const client = this.#client.duplicate();
    client.on('error', (error) => console.error(`lane ${lane}:`, error.message));
    await client.connect();
    let claimAt = 0;
    while (!this.#stopping) {
      try {
        // What a consumer that died was given, and what was thrown at here.
        if (Date.now() >= claimAt) {
          const claim = [key, this.group, this.name, this.idleMs, '0-0', { COUNT: BATCH }];
          const { messages } = await client.xAutoClaim(...claim);
          await this.#handleAll(client, key, messages, handle);
          if (messages.length < BATCH) claimAt = Date.now() + this.idleMs / 2;
        }
        const options = { COUNT: BATCH, BLOCK: 1_000 };
        const read = await client.xReadGroup(this.group, this.name, { key, id: '>' }, options);
        for (const { messages } of read ?? []) await this.#handleAll(client, key, messages, handle);
      } catch (error) {
        // The first to come makes the group, at the beginning; a wiped store has none.
        if (error.message.startsWith('NOGROUP')) {
          await client.xGroupCreate(key, this.group, '0', { MKSTREAM: true }).catch(() => {});
        } else {
          console.error(`lane ${lane}:`, error.message);
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
      }
    }
    const held = await client.xPendingRange(key, this.group, '-', '+', 1, { consumer: this.name });
    if (held.length === 0) await client.xGroupDelConsumer(key, this.group, this.name);
    await client.close();
  }

  async #handleAll(client, key, messages, handle) {
    const done = [];
    for (const { id, message: entry } of messages.filter(Boolean)) {
      if (entry.v !== '1') throw new Error(`entry ${id} is of version ${entry.v}, not known here`);
      // Names a dispatch for ever; a marker may come twice.
      const dispatch = `${entry.sh}/${entry.sid}/${entry.s}`;
      const isMarker = entry.t.startsWith('BATON_');
      try {
        if (isMarker || !this.#handled.has(dispatch)) await handle(entry, this);
        if (!isMarker) this.#remember(dispatch);
        done.push(id);
      } catch (error) {
        console.error(`${entry.t} ${dispatch}:`, error.message);
      }
    }
    if (done.length > 0) await client.xAck(key, this.group, done);
  }

  #remember(dispatch) {
    this.#handled.add(dispatch);
    if (this.#handled.size > REMEMBERED) this.#handled.delete(this.#handled.values().next().value);
  }
}
