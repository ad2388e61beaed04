"""The chart's pods as processes of this machine: a rendering is read, started, probed and kept alive."""
