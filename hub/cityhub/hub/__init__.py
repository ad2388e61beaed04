"""The composition root: command line, settings, identity, embedded servers, supervisor and the web application."""
