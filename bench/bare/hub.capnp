# What bench/links.ts compares the relay with, in the relay's own runtime.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "front", worker = .bare),
    (name = "data", disk = (writable = true)),
    (name = "site", disk = ()),
  ],
  sockets = [ (name = "http", http = (), service = "front") ],
);

const bare :Workerd.Worker = (
  modules = [ (name = "hub.js", esModule = embed "hub.js") ],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [ (className = "BareHub", uniqueKey = "bare-hub", enableSql = true) ],
  durableObjectStorage = (localDisk = "data"),
  bindings = [ (name = "HUB", durableObjectNamespace = "BareHub") ],
);
