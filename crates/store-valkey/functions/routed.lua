-- routed: up to where commands of a stream of others were routed. A router that has never been
-- there is put behind what is too old.
--
-- keys: stream
-- args: the router's group, greatest age in ms
-- answers: ok <id>

local function place_of(stream, name)
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    group = described(group)
    if group.name == name then
      return group['last-delivered-id']
    end
  end
end

redis.register_function('baton_1_routed', function(keys, args)
  local stream, name = keys[1], args[1]
  local place = redis.call('EXISTS', stream) == 1 and place_of(stream, name)
  if not place then
    local too_old = id_text(now_millis() - tonumber(args[2]), 0)
    redis.call('XGROUP', 'CREATE', stream, name, too_old, 'MKSTREAM')
    place = too_old
  end
  return { 'ok', place }
end)
