-- beat: shows that a consumer lives, and how it fares, and answers what all others say of
-- themselves.
--
-- keys: readers
-- args: me, my record or '' to take it back, names to forget
-- answers: ok <which server this is> <1 if my record stood there before, else 0>
--          <each name and record>
local was_known = redis.call('HEXISTS', KEYS[1], ARGV[1])
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
for at = 3, #ARGV do
  redis.call('HDEL', KEYS[1], ARGV[at])
end
local server = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
return { 'ok', server, was_known, redis.call('HGETALL', KEYS[1]) }
