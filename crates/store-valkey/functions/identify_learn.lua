-- identify_learn: takes in what Discord says of the day's limit.
--
-- keys: day
-- args: total, remaining, time to the reset in ms
-- answers: ok
--
-- Within one window the lower remainder stands: a permit granted a moment ago is not in Discord's
-- count yet. A reset more than a minute later than the one known belongs to a new window.
redis.register_function('baton_1_identify_learn', function(keys, args)
  local day = keys[1]
  local remaining, now = tonumber(args[2]), now_millis()
  local reset_at = now + tonumber(args[3])
  local found = redis.call('HMGET', day, 'remaining', 'reset_at')
  if found[1] then
    ensure_number(day, 'remaining', found[1])
    ensure_number(day, 'reset_at', found[2])
    local known_reset = tonumber(found[2])
    local is_same_window = now < known_reset and reset_at <= known_reset + 60000
    if is_same_window then
      remaining = math.min(remaining, tonumber(found[1]))
    end
  end
  redis.call('HSET', day, 'total', args[1], 'remaining', text(remaining), 'reset_at',
    text(reset_at))
  return { 'ok' }
end)
