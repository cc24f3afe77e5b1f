-- identify_limit: what is known of the day's limit. Writes nothing.
--
-- keys: day
-- answers: ok <total> <remaining> <time to the reset in ms> | unlearned
redis.register_function({
  function_name = 'baton_1_identify_limit',
  flags = { 'no-writes' },
  callback = function(keys)
    local day = keys[1]
    local found = redis.call('HMGET', day, 'total', 'remaining', 'reset_at')
    if not found[1] then
      return { 'unlearned' }
    end
    ensure_number(day, 'total', found[1])
    ensure_number(day, 'remaining', found[2])
    ensure_number(day, 'reset_at', found[3])
    local left = tonumber(found[3]) - now_millis()
    if left <= 0 then
      return { 'ok', found[1], found[1], '0' }
    end
    return { 'ok', found[1], found[2], text(left) }
  end,
})
