-- lane: what an operator sees of a lane, at one moment. Writes nothing.
--
-- keys: events, commands
-- answers: ok <length> <bytes> <first id or ''> <last id or ''> <how many commands> <groups>
--          where groups holds for each: name, pending, lag or '', last delivered id,
--          oldest pending id or '', and its consumers: for each name, pending, idle in ms

local function consumers_of(stream, group)
  local consumers = {}
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
    consumer = described(consumer)
    consumers[#consumers + 1] = consumer.name
    consumers[#consumers + 1] = text(consumer.pending)
    consumers[#consumers + 1] = text(consumer.idle)
  end
  return consumers
end

local function groups_of(stream)
  local groups = {}
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    group = described(group)
    local pending = redis.call('XPENDING', stream, group.name, '-', '+', 1)[1]
    groups[#groups + 1] = {
      group.name,
      text(group.pending),
      group.lag and text(group.lag) or '',
      group['last-delivered-id'],
      pending and pending[1] or '',
      consumers_of(stream, group.name),
    }
  end
  return groups
end

redis.register_function({
  function_name = 'baton_1_lane',
  flags = { 'no-writes' },
  callback = function(keys)
    local stream, commands = keys[1], keys[2]
    local waiting = text(redis.call('XLEN', commands))
    if redis.call('EXISTS', stream) == 0 then
      return { 'ok', '0', '0', '', '', waiting, {} }
    end
    local bytes = redis.call('MEMORY', 'USAGE', stream)
    return { 'ok', text(redis.call('XLEN', stream)), text(bytes), first_id(stream) or '',
      last_id(stream) or '', waiting, groups_of(stream) }
  end,
})
