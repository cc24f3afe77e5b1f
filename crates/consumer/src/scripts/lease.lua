-- lease: looks at a lane's row, claims it if its epoch is as expected, or gives it back. A new
-- epoch is at least the server's time, so that none is granted twice after a failover lost the
-- first.
--
-- keys: reader row
-- args: 'look' | 'claim' | 'release', me, the epoch that is expected
-- answers: ok <epoch> <owner or ''> <which server this is>
local found = redis.call('HMGET', KEYS[1], 'epoch', 'owner')
local epoch, owner = found[1] or '0', found[2] or ''
if ARGV[1] == 'claim' and epoch == ARGV[3] then
  local now = math.floor(tonumber(redis.call('TIME')[1]) * 1000)
  epoch = string.format('%.0f', math.max(tonumber(epoch) + 1, now))
  owner = ARGV[2]
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'owner', owner)
elseif ARGV[1] == 'release' and epoch == ARGV[3] and owner == ARGV[2] then
  owner = ''
  redis.call('HSET', KEYS[1], 'owner', owner)
end
local server = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
return { 'ok', epoch, owner, server }
