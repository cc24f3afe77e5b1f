-- take: takes new entries of an exclusive lane. A blocking read could be answered long after the
-- lease was lost; this cannot.
--
-- keys: events, reader row, dead letters
-- args: group, me, epoch, count
-- answers: ok <entries> | fenced
if not is_held(KEYS[2], ARGV[2], ARGV[3]) then
  return { 'fenced' }
end
local search = { 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[4], 'STREAMS', KEYS[1], '>' }
local read = redis.call('XREADGROUP', unpack(search))
return { 'ok', read and read[1][2] or {} }
