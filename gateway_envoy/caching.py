"""Which answers may be kept: those that the contract says, and resources as long as their etag holds."""

from typing import Any

from tally.kernel.contracts import Method

Config = dict[str, Any]

# Weak comparison (RFC 9110, section 13.1.2). What is read by somebody who must show a token may be kept by them alone,
# and shown only after asking.
_CONDITIONAL = """
local function holds(known, etag)
  for each in known:gmatch("[^,]+") do
    local tag = each:match("^%s*(.-)%s*$")
    if tag == "*" or tag:gsub("^W/", "") == etag:gsub("^W/", "") then
      return true
    end
  end
  return false
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local known = headers:get("if-none-match")
  if known ~= nil and headers:get(":method") == "GET" then
    handle:streamInfo():dynamicMetadata():set("tally.caching", "known", known)
  end
end

function envoy_on_response(handle)
  local headers = handle:headers()
  if headers:get(":status") ~= "200" then
    headers:remove("etag")
    headers:remove("cache-control")
    return
  end
  local etag = headers:get("etag")
  if etag == nil then
    return
  end
  headers:replace("cache-control", "private, no-cache")
  local mine = handle:streamInfo():dynamicMetadata():get("tally.caching")
  if mine ~= nil and holds(mine["known"], etag) then
    headers:replace(":status", "304")
    headers:remove("content-type")
    handle:body(true):setBytes("")
    handle:headers():remove("content-length")
  end
end
"""


def conditional_answers() -> Config:
    """The filter that answers 304 to whoever has the resource's present version, and lets nobody keep a failure."""
    return {
        "name": "envoy.filters.http.lua.caching",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": _CONDITIONAL},
        },
    }


def kept_as_the_contract_says(method: Method) -> Config:
    """What a method's route adds to its answers; nothing where the contract lets nobody keep them."""
    if method.policy is None or not method.policy.HasField("cacheable"):
        return {}
    value = f"public, max-age={method.policy.cacheable.seconds}"
    return {"response_headers_to_add": [{"header": {"key": "cache-control", "value": value}}]}
