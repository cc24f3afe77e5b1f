-- leave: removes this consumer from its group, if it has nothing pending and is not the last that
-- was heard of. What nobody has acknowledged is kept for groups that have consumers.
--
-- keys: events, reader row, dead letters
-- args: group, me, epoch or '', within how many ms another must have been heard of
-- answers: ok | fenced
if not is_held(KEYS[2], ARGV[2], ARGV[3]) then
  return { 'fenced' }
end
local is_last = true
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for at = 1, #flat, 2 do
    consumer[flat[at]] = flat[at + 1]
  end
  if consumer.name ~= ARGV[2] and consumer.idle <= tonumber(ARGV[4]) then
    is_last = false
  end
end
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if not is_last and #pending == 0 then
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
end
return { 'ok' }
