-- beat: an instance's sign of life, with what it says of itself.
--
-- keys: instances
-- args: instance id, beat, record
-- answers: ok <server time in ms> | duplicate <stored beat>
--
-- A stored beat that is ahead was written by another process under the same id. The very same beat
-- with the same record is a repeat after a lost answer.
redis.register_function('baton_1_beat', function(keys, args)
  local key = keys[1]
  local id, beat, record = unpack(args)
  local value = beat .. ' ' .. record
  local stored = redis.call('HGET', key, id)
  if stored and stored ~= value then
    local stored_beat = string.match(stored, '^(%d+) ')
    if not stored_beat then
      corrupt(key, id, stored, 'a beat and a record')
    end
    if tonumber(stored_beat) >= tonumber(beat) then
      return { 'duplicate', stored_beat }
    end
  end
  redis.call('HSET', key, id, value)
  return { 'ok', text(now_millis()) }
end)
