import { screen } from '@testing-library/react';
import { http } from 'msw';
import { describe, expect, it } from 'vitest';

import { resetWorld } from '../../test/handlers';
import { renderApp } from '../../test/render';
import { server } from '../../test/setup';

describe('home', () => {
  it('begins with what needs people', async () => {
    renderApp('/');
    expect(await screen.findByText('2 decisions wait for an answer.')).toBeInTheDocument();
    const sections = screen.getAllByRole('heading', { level: 2 }).map((heading) => heading.textContent);
    expect(sections.slice(0, 3)).toEqual(['Needs you', 'Went wrong', 'Happening now']);
  });

  it('offers the demo to a new installation with a sandbox, and says that it is one', async () => {
    resetWorld({ projects: [], decisions: [] });
    const { user } = renderApp('/');
    expect(await screen.findByText('Your first project starts with a README')).toBeInTheDocument();
    expect(screen.getByRole('note', { name: 'Sandbox' })).toHaveTextContent('GitHub, the agents, Telegram, and mail');
    await user.click(await screen.findByRole('button', { name: /A small web API/ }));
    expect(await screen.findByText(/Pushed the README to demo\/node-api/)).toBeInTheDocument();
  });

  it('names the integrations that are still played by the sandbox', async () => {
    resetWorld({ demo: { available: false, readmes: [], sandbox_url: 'http://localhost:3900/', sandboxed: ['mail'] } });
    renderApp('/');
    expect(await screen.findByRole('note', { name: 'Sandbox' })).toHaveTextContent('Stand-ins on this machine: mail.');
    expect(screen.queryByText('Run the demo')).not.toBeInTheDocument();
  });

  it('shows no sandbox where there is none', async () => {
    resetWorld({ demo: { available: false, readmes: [], sandbox_url: null, sandboxed: [] } });
    renderApp('/');
    await screen.findByText('2 decisions wait for an answer.');
    expect(screen.queryByRole('note', { name: 'Sandbox' })).not.toBeInTheDocument();
    expect(screen.queryByText('Run the demo')).not.toBeInTheDocument();
  });

  it('refetches when the live feed says that something changed', async () => {
    let push = (_text: string) => {};
    server.use(
      http.get('http://dashboard.test/api/v1/events/stream', () => {
        const body = new ReadableStream({
          start: (controller) => {
            push = (text) => controller.enqueue(new TextEncoder().encode(text));
          },
        });
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
      }),
    );
    renderApp('/');
    await screen.findByText('2 decisions wait for an answer.');
    await screen.findByText('Live');
    resetWorld({ decisions: [] });
    push('id: 1\ndata: {"kind":"decision.answered"}\n\n');
    expect(await screen.findByText('Nothing waits for an answer.')).toBeInTheDocument();
  });

  it('can be left by keyboard', async () => {
    const { user, location } = renderApp('/');
    await screen.findByText('2 decisions wait for an answer.');
    await user.keyboard('gp');
    expect(await screen.findByRole('heading', { level: 1, name: 'Projects' })).toHaveFocus();
    expect(location()).toBe('/projects');
  });
});
