import { defineConfig } from "vite";

export default defineConfig({
  // Vite's development server would move player.js away from worker.js and the engine, which it finds beside itself.
  optimizeDeps: { exclude: ["thalweg"] },
  // Here the package is linked from pkg/ at the top of the checkout. One that npm installed needs no such line.
  server: { fs: { allow: ["../../.."] } },
});
