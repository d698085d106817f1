# The relay under plain workerd, without an account: `npm run selfhost`, or from the root of the repository
#
#     npm run build && mkdir -p data
#     CAUSEWAY_NETWORK=signet workerd serve selfhost/causeway.capnp
#
# Names of classes, bindings and settings are those of wrangler.toml. docs/self-host.md says what to expect of it.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "front", worker = .causeway),

    # Where the objects keep their SQLite files. The folder has to exist. Paths are relative to where workerd is started;
    # elsewhere: --directory-path data=/var/lib/causeway
    (name = "data", disk = (path = "data", writable = true)),

    # What browsers fetch beside the pages. Likewise: --directory-path site=/usr/share/causeway/site
    (name = "site", disk = (path = "dist/site")),

    # What the relay may reach: peers that CAUSEWAY_CONNECT names, and a DNS resolver. Without "private", addresses of this
    # machine and of its own network are denied.
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],

  # Only this machine reaches it. Put a proxy that speaks TLS before it, or: --socket-addr http=*:8787
  sockets = [ (name = "http", address = "127.0.0.1:8787", http = (), service = "front") ],
);

const causeway :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "../dist/worker.js"),
    (name = "secp256k1.wasm", wasm = embed "../dist/secp256k1.wasm"),
  ],
  compatibilityDate = "2026-10-01",

  # A unique key is part of the files' names: under another one the relay would begin anew.
  durableObjectNamespaces = [
    (className = "Hub", uniqueKey = "causeway-hub", enableSql = true),
    (className = "Ledger", uniqueKey = "causeway-ledger", enableSql = true),
    (className = "Dialer", uniqueKey = "causeway-dialer", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "data"),

  bindings = [
    (name = "HUB", durableObjectNamespace = "Hub"),
    (name = "LEDGER", durableObjectNamespace = "Ledger"),
    (name = "DIALER", durableObjectNamespace = "Dialer"),
    (name = "ASSETS", service = "site"),
    # Settings, from the environment of the process. What is not set there has its default.
    (name = "CAUSEWAY_NETWORK", fromEnvironment = "CAUSEWAY_NETWORK"),
    (name = "CAUSEWAY_MIN_WORK", fromEnvironment = "CAUSEWAY_MIN_WORK"),
    (name = "CAUSEWAY_ASSUME_VALID", fromEnvironment = "CAUSEWAY_ASSUME_VALID"),
    (name = "CAUSEWAY_CONNECT", fromEnvironment = "CAUSEWAY_CONNECT"),
    (name = "CAUSEWAY_DIAL", fromEnvironment = "CAUSEWAY_DIAL"),
    (name = "CAUSEWAY_RESOLVER", fromEnvironment = "CAUSEWAY_RESOLVER"),
    (name = "CAUSEWAY_FILTERS", fromEnvironment = "CAUSEWAY_FILTERS"),
    (name = "CAUSEWAY_ESPLORA_SIGOPS", fromEnvironment = "CAUSEWAY_ESPLORA_SIGOPS"),
    (name = "CAUSEWAY_TRACKED_ADDRESSES", fromEnvironment = "CAUSEWAY_TRACKED_ADDRESSES"),
  ],
);
