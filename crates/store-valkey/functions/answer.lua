-- answer: tells the sender of a command what became of it.
--
-- keys: results
-- args: how many are kept, for how many ms, then command, outcome, why, wait, at
-- answers: ok
--
-- The fields and their order are the public contract (docs/protocol.md).
redis.register_function('baton_1_answer', function(keys, args)
  local key = keys[1]
  local most, kept, command, outcome, why, wait, at = unpack(args)
  redis.call('XADD', key, 'MAXLEN', most, '*', 'v', '1', 'cmd', command, 'out', outcome,
    'why', why, 'wait', wait, 'at', at)
  redis.call('PEXPIRE', key, kept)
  return { 'ok' }
end)
