-- identify_learn: takes in what Discord says of the day's limit.
--
-- keys: day
-- args: total, remaining, time to the reset in ms, how much later a reset is still the same
-- answers: ok
--
-- Within one window the lower remainder stands: a permit granted a moment ago is not in Discord's
-- count yet. A reset much later than the one known belongs to a new window.
redis.register_function('baton_1_identify_learn', function(keys, args)
  local day = keys[1]
  local remaining, now = tonumber(args[2]), now_millis()
  local reset_at = now + tonumber(args[3])
  local known_total, known_remaining, known_reset = read_day(day)
  if known_total and now < known_reset and reset_at <= known_reset + tonumber(args[4]) then
    remaining = math.min(remaining, known_remaining)
  end
  redis.call('HSET', day, 'total', args[1], 'remaining', text(remaining), 'reset_at',
    text(reset_at))
  return { 'ok' }
end)
