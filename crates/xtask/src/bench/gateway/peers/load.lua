-- wrk: one request for each person in turn, and a line of JSON at the end.
-- Arguments: method, path, bytes of the body, file with one token a line.

local requests, at = {}, 0

function init(arguments)
  local method, path, size, tokens = arguments[1], arguments[2], tonumber(arguments[3]), arguments[4]
  local body = nil
  if size > 0 then
    body = string.rep("x", size)
  end
  for token in io.lines(tokens) do
    local headers = { ["Authorization"] = "Bearer " .. token, ["Accept"] = "application/json" }
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"p999":%d,"refused":%d,"failed":%d}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
