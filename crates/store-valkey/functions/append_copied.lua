-- append_copied: appends as append does, and writes copies of what it adds to streams of others.
--
-- keys: row, events, copied
-- args: owner, epoch, session number, prev seq, last seq, shard number,
--       how many entries such a stream holds at most, about,
--       then per entry: name, seq, at, guild, trace, body, the stream of its copy or '', copy
-- answers: as append, but ok <seq> <how many copies were refused> <why>
--
-- Their keys are not ours: they may hold something else, or be out of our reach. An error would
-- leave the lane half written, so a copy that cannot be written is counted and left out. For the
-- same reason they are arguments: a user without rights to a key could not even call us with it.

-- An append whose entries are placed by `place`. It is given the place of each, what adds it to the
-- lane, and what writes its copy: that says whether there is one now.
local function append_with_copies(keys, args, place)
  local refused, why, written = 0, '', {}
  local function copy(at, ...)
    local stream = args[at + 6]
    if stream == '' then
      return false
    end
    local added = redis.pcall('XADD', stream, ...)
    if type(added) == 'table' then
      refused, why = refused + 1, added.err
      return false
    end
    written[stream] = true
    return true
  end
  local answer = append(keys, args, 8, 8, function(at, add)
    place(at, add, copy)
  end)
  for stream in pairs(written) do
    redis.call('HSET', keys[3], stream, '')
  end
  if answer[1] == 'ok' then
    return { 'ok', answer[2], text(refused), why }
  end
  return answer
end

redis.register_function('baton_1_append_copied', function(keys, args)
  return append_with_copies(keys, args, function(at, add, copy)
    add(at)
    copy(at, 'MAXLEN', '~', args[7], '*', 'data', args[at + 7])
  end)
end)
