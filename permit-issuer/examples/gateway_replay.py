"""Replays the request log of an LLM gateway against permit-issuer, one long-running child process.

    python3 gateway_replay.py STATE < gateway-log.jsonl

Each log line has what gateways such as LiteLLM write about a call: provider, model, messages, the key that was used,
tokens, the answer. A live gateway does the same three steps around its own upstream call instead of reading a log.
"""
import json
import os
import subprocess
import sys

PROGRAM = os.environ.get("PERMIT_ISSUER", "permit-issuer")

issuer = subprocess.Popen(
    [PROGRAM, "sidecar", "--state", sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)


def ask(**request):
    issuer.stdin.write(json.dumps(request) + "\n")
    issuer.stdin.flush()
    return json.loads(issuer.stdout.readline())


for line in sys.stdin:
    call = json.loads(line)
    permit = ask(
        op="decide",
        idempotency_key=call["id"],
        subject={"type": "api key", "id": call["metadata"]["user_api_key_alias"]},
        action="chat.completion",
        provider=call["custom_llm_provider"],
        model=call["model"],
        operation=call["call_type"],
        attributes={"team": call["metadata"]["user_api_key_team_alias"]},
        estimated_input_tokens=call["prompt_tokens"],
        max_output_tokens=call["optional_params"]["max_tokens"],
    )
    print(call["id"], permit.get("display") or permit["error"]["code"], permit.get("code", ""))
    if permit.get("decision") != "allow":
        continue
    # the permit may let through less than was asked for: a cap
    limit = permit["max_output_tokens"]
    body = {"model": call["model"], "messages": call["messages"], "max_tokens": limit}
    sent = ask(op="dispatch", permit_id=permit["permit_id"], request_body=body, execution_id=call["id"])
    if "error" in sent:
        continue
    answer = json.dumps(call["response"], separators=(",", ":"))
    ask(
        op="close",
        permit_id=permit["permit_id"],
        status="closed" if call["status"] == "success" else "provider_error",
        status_code=200 if call["status"] == "success" else 503,
        provider_response={"text": answer},
        client_response={"text": answer} if call["status"] == "success" else None,
        usage={"input_tokens": call["prompt_tokens"], "output_tokens": call["completion_tokens"]}
        if call["status"] == "success"
        else None,
    )

issuer.stdin.close()
sys.exit(issuer.wait())
