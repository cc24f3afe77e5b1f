-- identify_take: asks for the right to send one IDENTIFY of a bucket.
--
-- keys: buckets, day
-- args: bucket, spacing in ms, length of a day in ms, reserve in percent, least reserve,
--       quarantine in ms
-- answers: granted <remaining> | wait <ms> | exhausted <ms> | unlearned
--
-- A permit is spent when it is granted, used or not: Discord may have seen what we have not. The
-- reserve is never granted, because passing the day's limit resets the bot's token.
--
-- A server that was not the last to grant may lack what that one granted: it grants nothing until
-- the lost permit is older than Discord's spacing. Callers of earlier revisions name no quarantine.
local function quarantine(buckets, millis, now)
  local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local found = redis.call('HMGET', buckets, 'by', 'quiet_until')
  if found[1] and found[1] ~= run_id then
    redis.call('HSET', buckets, 'by', run_id, 'quiet_until', text(now + millis))
    return millis
  end
  if not found[1] then
    redis.call('HSET', buckets, 'by', run_id)
  end
  if not found[2] then
    return 0
  end
  ensure_number(buckets, 'quiet_until', found[2])
  local left = tonumber(found[2]) - now
  if left > millis then -- the clock ran back
    redis.call('HSET', buckets, 'quiet_until', text(now + millis))
    return millis
  end
  return left
end

redis.register_function('baton_1_identify_take', function(keys, args)
  local buckets, day = keys[1], keys[2]
  local bucket, spacing, day_millis = args[1], tonumber(args[2]), tonumber(args[3])
  local total, remaining, reset_at = read_day(day)
  if not total then
    return { 'unlearned' }
  end
  local now = now_millis()
  if now >= reset_at then
    remaining = total
    reset_at = now + day_millis
  end
  local quiet = quarantine(buckets, tonumber(args[6] or '0'), now)
  if quiet > 0 then
    return { 'wait', text(quiet) }
  end
  local reserve = math.max(math.ceil(total * tonumber(args[4]) / 100), tonumber(args[5]))
  if remaining <= reserve then
    return { 'exhausted', text(math.min(reset_at - now, day_millis)) }
  end
  local next_at = redis.call('HGET', buckets, bucket) or '0'
  ensure_number(buckets, bucket, next_at)
  local wait = tonumber(next_at) - now
  if wait > spacing then -- the clock ran back: a full spacing from here is safe, and enough
    redis.call('HSET', buckets, bucket, text(now + spacing))
    wait = spacing
  end
  if wait > 0 then
    return { 'wait', text(wait) }
  end
  redis.call('HSET', buckets, bucket, text(now + spacing))
  redis.call('HSET', day, 'remaining', text(remaining - 1), 'reset_at', text(reset_at))
  return { 'granted', text(remaining - 1) }
end)
