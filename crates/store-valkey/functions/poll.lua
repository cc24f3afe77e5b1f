-- poll: one consistent look at everybody, at one primary, at one moment. Writes nothing.
--
-- keys: instances, data set, planner's row, targets, intents
-- args: what presence channels start with
-- answers: ok <run id> <data set or ''> <server time in ms> <planner's row> <members> <targets>
--          <intents>
--          where members holds for each: id, beat and record, subscribers of its presence
--
-- The run id tells one server process from another: after a promotion or a restart, beats that
-- stand still are no evidence of anything. Callers of earlier revisions do not name
-- the intents.
redis.register_function({
  function_name = 'baton_1_poll',
  flags = { 'no-writes' },
  callback = function(keys, args)
    local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
    local stored = redis.call('HGETALL', keys[1])
    local members = {}
    for at = 1, #stored, 2 do
      local channel = args[1] .. stored[at]
      local subscribers = redis.call('PUBSUB', 'SHARDNUMSUB', channel)[2]
      members[#members + 1] = stored[at]
      members[#members + 1] = stored[at + 1]
      members[#members + 1] = tostring(subscribers)
    end
    local data_set = redis.call('HGET', keys[2], 'id') or ''
    local planner = redis.call('HGETALL', keys[3])
    local targets = redis.call('HGETALL', keys[4])
    local intents = keys[5] and redis.call('HGETALL', keys[5]) or {}
    return { 'ok', run_id, data_set, text(now_millis()), planner, members, targets, intents }
  end,
})
