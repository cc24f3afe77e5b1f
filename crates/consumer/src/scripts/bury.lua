-- bury: gives up on a delivery: acknowledges it and writes its dead letter, both or neither, and
-- the letter once however often it is repeated.
--
-- keys: events, reader row, dead letters
-- args: group, me, epoch or '', id, how many letters are kept, then the letter's fields
-- answers: ok | fenced
if not is_held(KEYS[2], ARGV[2], ARGV[3]) then
  return { 'fenced' }
end
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[4]) == 1 then
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', unpack(ARGV, 6))
end
return { 'ok' }
