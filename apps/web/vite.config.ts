import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const gateway = 'http://127.0.0.1:3000';

export default defineConfig({
  plugins: [react()],
  build: {
    // A data: URL would need its own permission in the gateway's content security policy.
    assetsInlineLimit: 0,
    target: 'es2022',
  },
  server: {
    proxy: {
      '/socket.io': { target: gateway, ws: true },
      '/auth': gateway,
      '/client-config': gateway,
    },
  },
});
