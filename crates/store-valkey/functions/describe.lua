-- describe: which revision of the library is loaded, and the oldest caller it still serves.
--
-- answers: <revision> <oldest revision of a caller>
--
-- Both numbers are written in by the loader. A newer Baton replaces this library by a later
-- revision of the same name while older ones are still calling it, so what a function takes and
-- answers may be added to but not changed. What cannot be kept up gets a library of another name.
redis.register_function({
  function_name = 'baton_1_describe',
  flags = { 'no-writes' },
  callback = function()
    return { '@REVISION@', '@OLDEST_CALLER@' }
  end,
})
