-- tend: trims a stream of others, and removes consumer groups that nobody reads with any more.
--
-- keys: stream, idle groups
-- args: as of trim, then for how many ms a group may be idle, and the group that stays
-- answers: as trim, and the names of the groups that are gone
--
-- A consumer that was lost leaves its group behind with itself in it: how long it has been idle
-- says since when. One that has said goodbye leaves a group without anybody, of which the server
-- says nothing: since when we have seen it so is noted down.

-- Before 7.2 a consumer that waits for entries is not heard of until there are some, and may not
-- even be known. So nothing is concluded there of a group that has been given all there is.
local KNOWS_WHO_WAITS = redis.REDIS_VERSION_NUM >= 0x070200

local function least_idle(stream, group)
  local least
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
    local idle = described(consumer).idle
    least = least and math.min(least, idle) or idle
  end
  return least
end

-- Since when nobody reads with a group, as far as is known; nil if somebody may. And whether that
-- has to be noted down.
local function unread_since(stream, group, noted, now)
  local idle = least_idle(stream, group.name)
  if idle and KNOWS_WHO_WAITS then
    return now - idle, false
  end
  if not KNOWS_WHO_WAITS then
    local newest = described(redis.call('XINFO', 'STREAM', stream))['last-generated-id']
    if group['last-delivered-id'] == newest then
      return nil, false
    end
  end
  local heard_of = idle and now - idle or 0
  return math.max(tonumber(noted or now), heard_of), true
end

local function remove_idle_groups(stream, notes, idle_max, kept)
  local now, noted, removed = now_millis(), described(redis.call('HGETALL', notes)), {}
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    group = described(group)
    local since, is_note = unread_since(stream, group, noted[group.name], now)
    local is_idle = since and now - since >= idle_max and group.name ~= kept
    if is_idle then
      redis.call('XGROUP', 'DESTROY', stream, group.name)
      removed[#removed + 1] = group.name
    elseif is_note then
      redis.call('HSETNX', notes, group.name, text(since))
      noted[group.name] = nil
    end
  end
  for name in pairs(noted) do
    redis.call('HDEL', notes, name)
  end
  return removed
end

redis.register_function('baton_1_tend', function(keys, args)
  local stream = keys[1]
  if redis.call('EXISTS', stream) == 0 then
    redis.call('DEL', keys[2])
    return { 'ok', '0', '0', '0', '0', '', {} }
  end
  local gone = remove_idle_groups(stream, keys[2], tonumber(args[7]), args[8])
  local removed, unread, oldest = trim_stream(stream, args)
  return { 'ok', text(removed or 0), text(unread or 0), text(redis.call('XLEN', stream)),
    text(redis.call('MEMORY', 'USAGE', stream)), oldest or '', gone }
end)
