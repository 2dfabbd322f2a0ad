"""Serves the part of vCenter's REST interfaces that vcsim lacks, over TLS.

What there is comes from vcsim over SOAP, and the password is checked there; bodies are made by
VMware's own serializer, status codes by its own map. Only what vcsim cannot do is made up here,
and marked so.

usage: front.py VCSIM CERT KEY        prints its port, then obeys one command per line

  on|off|suspend NAME   change the power state of every VM of that name
  state NAME            print the power states of the VMs of that name
  rename OLD NEW        give a VM another name
  clone NAME            make another VM of the same name, in a folder of its own
  maintain NAME         put the host of a VM into maintenance (vcsim leaves its VMs there)
  link NAME STATE       made up: the connection state of the host of a VM
  limit NUMBER          made up: how many matches a list may have (vCenter: 4000)
  at vm|host|stop expire|die COUNT     made up: what goes wrong at the next so many visits
  legacy                from now on there is no /api, as before 7.0 U2
  sessions              print how many sessions are open
"""

import base64
import json
import re
import subprocess
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from urllib.parse import parse_qsl, urlsplit

from com.vmware.vapi.std import errors_client as errors
from com.vmware.vapi.std_client import LocalizableMessage
from com.vmware.vcenter_client import VM, Host
from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim
from vmware.vapi.bindings.converter import TypeConverter
from vmware.vapi.data.serializers.cleanjson import DataValueConverter
from vmware.vapi.rest.lib import vapi_to_http_error_map

USER, PASSWORD = "habeat@vsphere.local", "s3cret"

POWER = {"poweredOn": "POWERED_ON", "poweredOff": "POWERED_OFF", "suspended": "SUSPENDED"}
# Where VMware's map, which is that of /rest, and the OpenAPI document of /api differ.
API_STATUS = {"com.vmware.vapi.std.errors.unable_to_allocate_resource": 500}
LINK = {"connected": "CONNECTED", "disconnected": "DISCONNECTED", "notResponding": "NOT_RESPONDING"}


class Refused(Exception):
    """An answer of vCenter that is an error."""

    def __init__(self, kind, words):
        super().__init__(words)
        message = LocalizableMessage(id="com.vmware.api", default_message=words, args=[])
        self.error = kind(messages=[message])

def plain(value):
    """Returns a value in the words of VMware's serializer."""
    return json.loads(DataValueConverter.convert_to_json(
        TypeConverter.convert_to_vapi(value, type(value).get_binding_type()), True))


class Simulator:
    """vcsim, and what is made up beside it."""

    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, "-l", "127.0.0.1:0", "-username", USER, "-password", PASSWORD,
             "-vm", "2", "-host", "2", "-stdinexit"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.port = int(re.search(r":(\d+)/sdk", line).group(1))
        self.soap = self.connect(USER, PASSWORD)
        self.links, self.limit, self.legacy = {}, 4000, False
        self.sessions, self.trouble = set(), {}
        self.lock = threading.RLock()

    def connect(self, user, password):
        return SmartConnect(host="127.0.0.1", port=self.port, user=user, pwd=password,
                            disableSslCertValidation=True)

    def all(self, kind):
        root = self.soap.content.rootFolder
        view = self.soap.content.viewManager.CreateContainerView(root, [kind], True)
        try:
            return list(view.view)
        finally:
            view.Destroy()

    def named(self, name):
        return [vm for vm in self.all(vim.VirtualMachine) if vm.name == name]

    def link(self, host):
        return self.links.get(host._moId) or LINK[host.runtime.connectionState]

    def list_vms(self, filters):
        found = [vm for vm in self.all(vim.VirtualMachine)
                 if passes(filters, "names", vm.name)
                 and passes(filters, "hosts", vm.runtime.host._moId)]
        self.within_limit(found)
        return [VM.Summary(vm=vm._moId, name=vm.name, power_state=POWER[vm.runtime.powerState],
                           cpu_count=vm.config.hardware.numCPU,
                           memory_size_mib=vm.config.hardware.memoryMB) for vm in found]

    def list_hosts(self, filters):
        found = [host for host in self.all(vim.HostSystem)
                 if passes(filters, "connection_states", self.link(host))]
        self.within_limit(found)
        # A host that is not connected has no power state (Host.Summary, "power_state").
        return [Host.Summary(host=host._moId, name=host.name, connection_state=self.link(host),
                             power_state="POWERED_ON" if self.link(host) == "CONNECTED" else None)
                for host in found]

    def within_limit(self, found):
        if len(found) > self.limit:
            raise Refused(errors.UnableToAllocateResource,
                          f"Too many objects. The limit is {self.limit}.")

    def stop(self, vm_id):
        for vm in self.all(vim.VirtualMachine):
            if vm._moId == vm_id:
                try:
                    return WaitForTask(vm.PowerOffVM_Task())
                except vim.fault.InvalidPowerState:
                    raise Refused(errors.AlreadyInDesiredState, "Already powered off.") from None
        raise Refused(errors.NotFound, f"No such VM: {vm_id}")

    def power(self, name, task):
        for vm in self.named(name):
            WaitForTask(getattr(vm, task)())

    def clone(self, name):
        vm = self.named(name)[0]
        datacenter = self.all(vim.Datacenter)[0]
        folder = datacenter.vmFolder.CreateFolder(uuid.uuid4().hex)
        place = vim.vm.RelocateSpec(pool=vm.resourcePool, host=vm.runtime.host)
        WaitForTask(vm.CloneVM_Task(folder, name, vim.vm.CloneSpec(location=place, powerOn=False)))

    def maintain(self, name):
        host = self.named(name)[0].runtime.host
        WaitForTask(host.EnterMaintenanceMode_Task(timeout=0))
        assert host.runtime.inMaintenanceMode


def passes(filters, name, value):
    return name not in filters or value in filters[name]


def filters(query, legacy, known):
    """Reads the filters of a list; a name that vCenter does not know is an error there too."""
    found = {}
    for name, value in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)):
        if legacy:
            match = re.fullmatch(r"filter\.(\w+)\.([1-9]\d*)", name)
            name = match and match.group(1)
        if name not in known or not value:
            raise Refused(errors.InvalidArgument, f"Unexpected filter: {query}")
        found.setdefault(name, set()).add(value)
    return found


class Front(BaseHTTPRequestHandler):
    """One connection."""

    def log_message(self, *_):
        pass

    def answer(self):
        url = urlsplit(self.path)
        legacy = url.path.startswith("/rest/")
        try:
            with self.server.simulator.lock:
                status, body = self.route(url, legacy)
        except Refused as refused:
            name = type(refused.error).get_binding_type().name
            status = not legacy and API_STATUS.get(name) or int(vapi_to_http_error_map[name])
            body = plain(refused.error)
            if legacy:
                body.pop("error_type", None)
                body = {"type": name, "value": body}
        except LookupError:
            status, body = 404, None
        self.reply(status, body)

    do_GET = do_POST = do_DELETE = answer

    def route(self, url, legacy):
        simulator = self.server.simulator
        if not legacy and simulator.legacy:
            raise LookupError
        path = re.sub(r"^/(rest|api)/", "", url.path)
        session = "com/vmware/cis/session" if legacy else "session"
        wrap = (lambda value: {"value": value}) if legacy else (lambda value: value)
        if (self.command, path) == ("POST", session):
            return 200 if legacy else 201, wrap(self.log_in())
        point = "stop" if path.endswith(("/power", "/power/stop")) else path.rpartition("/")[2]
        self.go_wrong(point)
        shown = self.headers.get("vmware-api-session-id")
        if shown not in simulator.sessions:
            raise Refused(errors.Unauthenticated, "This method requires authentication.")
        nothing = (200, None) if legacy else (204, None)
        if (self.command, path) == ("DELETE", session):
            simulator.sessions.remove(shown)
            return nothing
        if (self.command, path) == ("GET", "vcenter/vm"):
            found = simulator.list_vms(filters(url.query, legacy, ("names", "hosts")))
            return 200, wrap([plain(vm) for vm in found])
        if (self.command, path) == ("GET", "vcenter/host"):
            found = simulator.list_hosts(filters(url.query, legacy, ("connection_states",)))
            return 200, wrap([plain(host) for host in found])
        stop = r"vcenter/vm/([\w-]+)/power/stop" if legacy else r"vcenter/vm/([\w-]+)/power"
        match = re.fullmatch(stop, path)
        if self.command == "POST" and match and (legacy or url.query == "action=stop"):
            simulator.stop(match.group(1))
            return nothing
        raise LookupError

    def log_in(self):
        scheme, _, pair = self.headers.get("authorization", "").partition(" ")
        user, _, password = base64.b64decode(pair).decode().partition(":")
        simulator = self.server.simulator
        try:
            if scheme != "Basic":
                raise vim.fault.InvalidLogin
            Disconnect(simulator.connect(user, password))
        except vim.fault.InvalidLogin:
            raise Refused(errors.Unauthenticated, "Authentication required.") from None
        simulator.sessions.add(session := uuid.uuid4().hex)
        return session

    def go_wrong(self, point):
        trouble = self.server.simulator.trouble
        action, count = trouble.get(point, ("", 0))
        self.dying = count > 0 and action == "die"
        if count > 0 and action == "expire":
            self.server.simulator.sessions.clear()
        if count > 0:
            trouble[point] = (action, count - 1)

    dying = False

    def reply(self, status, body):
        text = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text[: len(text) // 2] if self.dying else text)
        self.close_connection = True


def obey(simulator, words):
    """Does what a line says; returns what to print."""
    match words:
        case ["on", name]:
            simulator.power(name, "PowerOnVM_Task")
        case ["off", name]:
            simulator.power(name, "PowerOffVM_Task")
        case ["suspend", name]:
            simulator.power(name, "SuspendVM_Task")
        case ["state", name]:
            return " ".join(vm.runtime.powerState for vm in simulator.named(name))
        case ["rename", old, new]:
            WaitForTask(simulator.named(old)[0].ReconfigVM_Task(vim.vm.ConfigSpec(name=new)))
        case ["clone", name]:
            simulator.clone(name)
        case ["maintain", name]:
            simulator.maintain(name)
        case ["link", name, state]:
            simulator.links[simulator.named(name)[0].runtime.host._moId] = state
        case ["limit", number]:
            simulator.limit = int(number)
        case ["at", point, action, count]:
            simulator.trouble[point] = (action, int(count))
        case ["legacy"]:
            simulator.legacy = True
        case ["sessions"]:
            return str(len(simulator.sessions))
        case _:
            raise ValueError(f"what is {words}?")
    return ""


def main():
    program, certificate, key = sys.argv[1:]
    simulator = Simulator(program)
    try:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
        server.simulator = simulator
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        for line in sys.stdin:
            with simulator.lock:
                print("ok", obey(simulator, line.split()), flush=True)
    finally:
        # It ends when its input does.
        simulator.process.stdin.close()
        simulator.process.wait(timeout=10)


main()
