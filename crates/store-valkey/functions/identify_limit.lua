-- identify_limit: what is known of the day's limit. Writes nothing.
--
-- keys: day
-- answers: ok <total> <remaining> <time to the reset in ms> | unlearned
redis.register_function({
  function_name = 'baton_1_identify_limit',
  flags = { 'no-writes' },
  callback = function(keys)
    local total, remaining, reset_at = read_day(keys[1])
    if not total then
      return { 'unlearned' }
    end
    local left = reset_at - now_millis()
    if left <= 0 then
      return { 'ok', text(total), text(total), '0' }
    end
    return { 'ok', text(total), text(remaining), text(left) }
  end,
})
