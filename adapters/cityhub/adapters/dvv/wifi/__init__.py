"""Access points of the free WLAN and its sessions: docs/adapters/dvv-wifi.md."""
