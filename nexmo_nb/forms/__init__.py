"""Forms over the functions, one a module: preview first, then send once. `form`, `markup`, `widgets` are shared."""

from nexmo_nb.forms.applications import ApplicationForm, application_form
from nexmo_nb.forms.campaign import CampaignForm, campaign_form
from nexmo_nb.forms.numbers import NumberForm, number_form
from nexmo_nb.forms.sms import SmsForm, sms_form
from nexmo_nb.forms.voice import VoiceForm, voice_form

__all__ = [
    "ApplicationForm",
    "CampaignForm",
    "NumberForm",
    "SmsForm",
    "VoiceForm",
    "application_form",
    "campaign_form",
    "number_form",
    "sms_form",
    "voice_form",
]
