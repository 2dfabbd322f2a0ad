"""Asks a vCenter with VMware's own client, in either interface, and prints what it understood.

usage: client.py URL CA_FILE USER PASSWORD

Prints one line per VM and host and interface, and what the client makes of a session that is
not one, of a VM that is not there, and of one that is off already. The client knows /rest by
itself. In /api it is given the session, which it makes only in /rest.
"""

import sys

import requests
from com.vmware.cis_client import Session
from com.vmware.vapi.std.errors_client import Error
from com.vmware.vcenter.vm_client import Power
from com.vmware.vcenter_client import VM, Host
from vmware.vapi.bindings.stub import StubConfiguration
from vmware.vapi.lib.connect import get_requests_connector
from vmware.vapi.security.client.security_context_filter import LegacySecurityContextFilter
from vmware.vapi.security.session import create_session_security_context
from vmware.vapi.security.user_password import create_user_password_security_context
from vmware.vapi.stdlib.client.factories import StubConfigurationFactory


def configuration(url, ca_file, context, wrapped):
    session = requests.Session()
    session.trust_env = False
    session.verify = ca_file
    connector = get_requests_connector(
        session=session, msg_protocol="rest", url=url,
        provider_filter_chain=[LegacySecurityContextFilter(security_context=context)])
    provider = connector.get_api_provider()
    while hasattr(provider, "next_provider"):
        provider = provider.next_provider
    provider.set_rest_format(wrapped)
    return StubConfigurationFactory.new_std_configuration(connector)


def look(name, stubs):
    for vm in VM(stubs).list():
        print(name, "vm", vm.vm, vm.name, vm.power_state, vm.cpu_count, vm.memory_size_mib)
    for host in Host(stubs).list():
        print(name, "host", host.host, host.name, host.connection_state, host.power_state)


def refused(name, what, call):
    try:
        call()
    except Error as error:
        print(name, what, type(error).__name__, error.messages[0].default_message)
    else:
        print(name, what, "nothing")


def main():
    url, ca_file, user, password = sys.argv[1:]
    account = create_user_password_security_context(user, password)
    login = Session(configuration(url + "/rest", ca_file, account, True))
    raw = requests.Session()
    raw.trust_env, raw.verify = False, ca_file
    made = raw.post(url + "/api/session", auth=(user, password), timeout=10)
    assert made.status_code == 201, made
    for name, session in (("rest", login.create()), ("api", made.json())):
        wrapped = name == "rest"
        stubs = configuration(f"{url}/{name}", ca_file,
                              create_session_security_context(session), wrapped)
        look(name, stubs)
        off = [vm.vm for vm in VM(stubs).list() if vm.power_state == "POWERED_OFF"]
        if wrapped:
            refused(name, "absent", lambda: Power(stubs).stop("vm-0"))
            refused(name, "off", lambda: Power(stubs).stop(off[0]))
        stranger = configuration(f"{url}/{name}", ca_file,
                                 create_session_security_context("nobody"), wrapped)
        refused(name, "stranger", lambda: VM(stranger).list())
        path = "/rest/com/vmware/cis/session" if wrapped else "/api/session"
        left = raw.delete(url + path, headers={"vmware-api-session-id": session}, timeout=10)
        print(name, "left", left.status_code)


main()
