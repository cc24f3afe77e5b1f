-- keep: says of deliveries that they are still being worked on, or, with an idle time, that they
-- are not; only of those that are still this consumer's, which no other command can tell.
--
-- keys: events, reader row, dead letters
-- args: group, me, epoch or '', idle time in ms, ids
-- answers: ok <ids of those that are not this consumer's> | fenced
if not is_held(KEYS[2], ARGV[2], ARGV[3]) then
  return { 'fenced' }
end
local kept, lost = {}, {}
for at = 5, #ARGV do
  local id = ARGV[at]
  local found = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1]
  local list = (found and found[2] == ARGV[2]) and kept or lost
  list[#list + 1] = id
end
for at = 1, #kept do
  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, kept[at], 'IDLE', ARGV[4], 'JUSTID')
end
return { 'ok', lost }
