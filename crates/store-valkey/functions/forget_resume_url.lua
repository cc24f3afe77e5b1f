-- forget_resume_url: drops the place to resume at, because connecting to it failed.
--
-- keys: row
-- args: owner, epoch, session number
-- answers: ok | fenced <row> | forgotten <row>
--
-- Does nothing if the session has changed meanwhile: that one's url has not failed.
redis.register_function('baton_1_forget_resume_url', function(keys, args)
  local key = keys[1]
  local owner, epoch, number = unpack(args)
  local row = read_row(key)
  if not is_held(row, owner, epoch) then
    return with_row(refusal(row, epoch), key)
  end
  if row.number == number then
    redis.call('HDEL', key, 'url')
  end
  return { 'ok' }
end)
