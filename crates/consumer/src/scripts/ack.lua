-- ack: acknowledges deliveries. Repeating it changes nothing.
--
-- keys: events, reader row, dead letters
-- args: group, me, epoch or '', ids
-- answers: ok | fenced
if not is_held(KEYS[2], ARGV[2], ARGV[3]) then
  return { 'fenced' }
end
redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 4))
return { 'ok' }
