// A worker has no window, which Shaka asks what it can do when it is loaded. To be imported before it.
globalThis.window ??= globalThis;
globalThis.document ??= { createElement: () => ({}), documentElement: {} };
