// First, so that what follows can overrule it.
import './look/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createWebApp } from './web-app.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App app={createWebApp(globalThis.window)} />
  </StrictMode>,
);
