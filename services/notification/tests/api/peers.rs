//! Clients nobody here wrote, against the sandbox: proof that it speaks what the world speaks.
