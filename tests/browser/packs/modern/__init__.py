"""A pack that is written for the small API of version 1."""

WEB_DIRECTORY = "web"


class Dial:
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    CATEGORY = "modern"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"angle": ("MODERN_DIAL", {"default": 90})}}

    def run(self, angle):
        return (f"{angle} degrees",)


NODE_CLASS_MAPPINGS = {"ModernDial": Dial}
NODE_DISPLAY_NAME_MAPPINGS = {"ModernDial": "Dial"}
