"""Asks a vCenter with VMware's own client, in either interface, and prints what it understood.

usage: client.py URL CA_FILE USER PASSWORD

Prints one line per VM and host and interface, and what the client makes of a session that is
not one, of a VM that is not there, and of one that is off already. The client makes and ends its
session in /api only, and powers off in /rest only; in /rest it is given its session.
"""

import sys

import requests
from com.vmware.cis_client import Session
from com.vmware.vapi.std.errors_client import Error
from com.vmware.vcenter.vm_client import Power
from com.vmware.vcenter_client import VM, Host
from vmware.vapi.lib.connect import get_requests_connector
from vmware.vapi.security.client.security_context_filter import LegacySecurityContextFilter
from vmware.vapi.security.session import create_session_security_context
from vmware.vapi.security.user_password import create_user_password_security_context
from vmware.vapi.stdlib.client.factories import StubConfigurationFactory


def connection(ca_file):
    session = requests.Session()
    session.trust_env, session.verify = False, ca_file
    return session


def service(url, session, context, wrapped):
    """Returns a way to make services: VMware's classes, speaking to this address."""
    filters = [LegacySecurityContextFilter(security_context=context)] if context else []

    def make(kind):
        connector = get_requests_connector(
            session=session, msg_protocol="rest", url=url,
            provider_filter_chain=filters)
        made = kind(StubConfigurationFactory.new_std_configuration(connector))
        provider = connector.get_api_provider()
        while hasattr(provider, "next_provider"):
            provider = provider.next_provider
        # A class assumes /rest, whose answers are wrapped.
        provider.set_rest_format(wrapped)
        return made

    return make


def look(name, make):
    vms, hosts = make(VM).list(), make(Host).list()
    for vm in vms:
        print(name, "vm", vm.vm, vm.name, vm.power_state, vm.cpu_count, vm.memory_size_mib)
    for host in hosts:
        print(name, "host", host.host, host.name, host.connection_state, host.power_state)
    return [vm.vm for vm in vms if vm.power_state == "POWERED_OFF"]


def refused(name, what, call):
    try:
        call()
    except Error as error:
        words = [message.default_message for message in error.messages or []]
        print(name, what, type(error).__name__, *words)
    else:
        print(name, what, "nothing")


def main():
    url, ca_file, user, password = sys.argv[1:]
    legacy = url + "/rest/com/vmware/cis/session"
    raw = connection(ca_file)
    session = raw.post(legacy, auth=(user, password), timeout=10).json()["value"]
    known = create_session_security_context(session)
    make = service(url + "/rest", connection(ca_file), known, True)
    off = look("rest", make)
    refused("rest", "absent", lambda: make(Power).stop("vm-0"))
    refused("rest", "off", lambda: make(Power).stop(off[0]))
    raw.delete(legacy, headers={"vmware-api-session-id": session}, timeout=10)
    refused("rest", "left", lambda: make(VM).list())

    account = create_user_password_security_context(user, password)
    session = service(url + "/api", connection(ca_file), account, False)(Session).create()
    known = connection(ca_file)
    # The client itself sends it in /rest only.
    known.headers["vmware-api-session-id"] = session
    make = service(url + "/api", known, None, False)
    look("api", make)
    make(Session).delete()
    refused("api", "left", lambda: make(VM).list())


main()
