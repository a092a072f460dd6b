"""Python's own mail client against the catcher: both bodies, several recipients, dots, sign-in, TLS, refusals.

Usage: python3 smtp.py <smtp port> <sandbox address>; prints one line of JSON: what went wrong, if anything.
"""

import json
import smtplib
import ssl
import sys
import urllib.request
from email.message import EmailMessage

port, base = int(sys.argv[1]), sys.argv[2]
failures = []


def expect(fact, text):
    if not fact:
        failures.append(text)


def admin(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{base}/_sandbox/api{path}", data, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def fault(status, route=None, times=1):
    admin("/faults", {"surface": "smtp", "kind": "status", "status": status, "times": times, "route": route})


mail = EmailMessage()
mail["From"] = "Jürgen <j@example.org>"
mail["To"] = "a@example.org, b@example.org"
mail["Subject"] = "Решение — ✅"
mail.set_content("First\n.dot\n..two dots\nhttps://example.org/a\n")
mail.add_alternative("<p>See <a href='https://example.org/b'>b</a></p>", subtype="html")

with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
    client.ehlo()
    for feature in ("pipelining", "size", "8bitmime", "smtputf8", "starttls", "auth"):
        expect(client.has_extn(feature), f"EHLO does not offer {feature}")
    refused = client.send_message(mail)
    expect(refused == {}, f"recipients were refused: {refused}")
    fault(550, "RCPT b@*")
    refused = client.send_message(mail)
    expect(list(refused) == ["b@example.org"] and refused["b@example.org"][0] == 550, f"550 for one came back as {refused}")
    fault(451)
    try:
        client.send_message(mail, to_addrs=["a@example.org"])
        failures.append("451 went through")
    except smtplib.SMTPRecipientsRefused as error:
        expect(error.recipients["a@example.org"][0] == 451, f"451 came back as {error.recipients}")
    fault(552)
    try:
        client.send_message(mail, to_addrs=["a@example.org"])
        failures.append("552 went through")
    except smtplib.SMTPDataError as error:
        expect(error.smtp_code == 552, f"552 came back as {error.smtp_code}")

with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
    pem = admin("/mails/certificate").decode()
    client.starttls(context=ssl.create_default_context(cadata=pem))
    # The library tries each mechanism before it gives up.
    fault(535, times=2)
    try:
        client.login("user", "secret")
        failures.append("535 went through")
    except smtplib.SMTPAuthenticationError as error:
        expect(error.smtp_code == 535, f"535 came back as {error.smtp_code}")
    client.login("user", "secret")
    client.send_message(mail)

mails = json.loads(admin("/mails"))["mails"]
expect(len(mails) == 3, f"there are {len(mails)} mails")
first, last = mails[-1], mails[0]
expect(first["subject"] == "Решение — ✅", f"the subject is {first['subject']}")
expect(first["from"] == "Jürgen <j@example.org>", f"from is {first['from']}")
expect(first["envelope"]["to"] == ["a@example.org", "b@example.org"], f"it went to {first['envelope']}")
expect(first["text"].splitlines()[:3] == ["First", ".dot", "..two dots"], f"the text is {first['text']!r}")
expect(first["links"] == ["https://example.org/b", "https://example.org/a"], f"the links are {first['links']}")
expect(last["tls"] and last["user"] == "user", f"the last one came with {last['tls']} {last['user']}")

try:
    fault(421)
    smtplib.SMTP("127.0.0.1", port, timeout=20)
    failures.append("421 went through")
except smtplib.SMTPConnectError as error:
    expect(error.smtp_code == 421, f"421 came back as {error.smtp_code}")

print(json.dumps({"failures": failures}))
