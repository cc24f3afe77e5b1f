-- commands_done: moves a shard's place in its lane's commands forward; never back.
--
-- keys: row
-- args: owner, epoch, milliseconds, number (the two halves of a stream id)
-- answers: ok | fenced <row> | forgotten <row>
--
-- The place is part of the row, so that it moves with the lease.
redis.register_function('baton_1_commands_done', function(keys, args)
  local key = keys[1]
  local owner, epoch, millis, number = unpack(args)
  local row = read_row(key)
  if not is_held(row, owner, epoch) then
    return with_row(refusal(row, epoch), key)
  end
  local done = redis.call('HGET', key, 'commands') or '0-0'
  local done_millis, done_number = string.match(done, '^(%d+)-(%d+)$')
  if not done_millis then
    corrupt(key, 'commands', done, 'a stream id')
  end
  local new, old = tonumber(millis), tonumber(done_millis)
  if new > old or (new == old and tonumber(number) > tonumber(done_number)) then
    redis.call('HSET', key, 'commands', millis .. '-' .. number)
  end
  return { 'ok' }
end)
