// A consumer without any framework: says what it handles, and shows the bot as idle when somebody
// writes "!away". Start as many as you like, and kill any of them.
import { Baton } from './baton.mjs';

const baton = Baton.fromEnvironment();

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => baton.stop());

await baton.run(async (entry) => {
  if (entry.t.startsWith('BATON_')) {
    // Something may be missing: whoever keeps a cache builds it anew.
    console.log('marker', entry.t, entry.d);
    return;
  }
  const { d: event } = JSON.parse(entry.d);
  if (entry.t === 'MESSAGE_CREATE' && event.content === '!away') {
    const idle = { since: null, activities: [], status: 'idle', afk: true };
    await baton.send(entry.sh, { op: 3, d: idle });
  }
  console.log('handled', `${entry.sh}/${entry.sid}/${entry.s}`, entry.t);
});
