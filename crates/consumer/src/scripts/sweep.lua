-- sweep: removes consumers that were not heard of for long and have nothing pending. This one
-- stays, so a group never loses its last.
--
-- keys: events, reader row, dead letters
-- args: group, me, epoch or '', how long in ms
-- answers: ok | fenced
if not is_held(KEYS[2], ARGV[2], ARGV[3]) then
  return { 'fenced' }
end
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for at = 1, #flat, 2 do
    consumer[flat[at]] = flat[at + 1]
  end
  local is_gone = consumer.pending == 0 and consumer.idle > tonumber(ARGV[4])
  if is_gone and consumer.name ~= ARGV[2] then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
  end
end
return { 'ok' }
