-- claim: takes over pending deliveries, oldest first. One that has been delivered suspiciously
-- often is taken alone: if it takes down its next consumer too, nothing else is counted against.
--
-- keys: events, reader row, dead letters
-- args: group, me, epoch or '', 'own' or 'all', least idle time in ms, after which id, count,
--       from how many deliveries on an entry is suspicious
-- answers: ok <id up to where was looked, or ''> <for each: id, fields, deliveries> | fenced
if not is_held(KEYS[2], ARGV[2], ARGV[3]) then
  return { 'fenced' }
end
local first = ARGV[6] == '0-0' and '-' or '(' .. ARGV[6]
local search = { 'XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[5], first, '+', ARGV[7] }
if ARGV[4] == 'own' then
  search[#search + 1] = ARGV[2]
end
local ids, deliveries, upto = {}, {}, ''
for _, pending in ipairs(redis.call(unpack(search))) do
  local id, count = pending[1], pending[4] + 1
  local is_suspect = count >= tonumber(ARGV[8])
  if is_suspect and #ids > 0 then
    break
  end
  ids[#ids + 1], deliveries[id], upto = id, count, id
  if is_suspect then
    break
  end
end
local taken = {}
if #ids > 0 then
  for _, entry in ipairs(redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, unpack(ids))) do
    if entry then
      taken[#taken + 1] = { entry[1], entry[2], deliveries[entry[1]] }
    end
  end
end
return { 'ok', upto, taken }
